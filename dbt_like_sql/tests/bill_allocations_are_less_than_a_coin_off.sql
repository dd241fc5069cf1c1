{{ config(severity='error', meta={'grain': 'local_month'}) }}

with allocations as (

    select * from {{ ref('bill_allocations_monthly') }}
    where is_allocated

),

bills as (

    select * from {{ source('inputs', 'bills') }}

),

-- Whole numbers: thousandths of the currency, millionths of the basis.
whole as (

    select
        allocations.local_month,
        allocations.bill,
        allocations.member,
        cast(allocations.amount * cast(1000 as decimal(4, 0)) as hugeint) as part,
        cast(allocations.bill_amount * cast(1000 as decimal(4, 0)) as hugeint) as bill_amount,
        cast(bills.minor_unit * cast(1000 as decimal(4, 0)) as hugeint) as coin,
        cast(
            cast(allocations.used as decimal(31, 6)) * cast(1000000 as decimal(7, 0)) as hugeint
        ) as used,
        cast(
            cast(allocations.used_in_all as decimal(31, 6)) * cast(1000000 as decimal(7, 0))
            as hugeint
        ) as used_in_all
    from allocations
    inner join bills
        on allocations.local_month = bills.local_month and allocations.bill = bills.bill

)

select *
from whole
where abs(part * used_in_all - bill_amount * used) >= coin * used_in_all
