{{ config(severity='error', meta={'grain': 'whole'}) }}

with amounts as (

    select
        number,
        net
    from {{ ref('invoices') }}
    union all
    select
        number,
        cast(-charge as decimal(18, 3)) as net
    from {{ ref('billed_lines_monthly') }}

)

select
    number,
    sum(net) as difference
from amounts
group by number
having sum(net) <> 0
