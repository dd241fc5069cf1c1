{{ config(severity='error', meta={'grain': 'local_month'}) }}

with parts as (

    select
        local_month,
        bill,
        sum(amount) as amount
    from {{ ref('bill_allocations_monthly') }}
    group by local_month, bill

),

bills as (

    select
        local_month,
        bill,
        cast(minor_units as decimal(18, 0)) * minor_unit as amount
    from {{ source('inputs', 'bills') }}

)

select
    bills.local_month,
    bills.bill,
    bills.amount as amount_of_bill,
    parts.amount
from bills
left join parts on bills.local_month = parts.local_month and bills.bill = parts.bill
where parts.amount is null or bills.amount <> parts.amount
