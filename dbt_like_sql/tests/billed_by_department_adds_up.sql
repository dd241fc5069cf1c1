{{ config(severity='error', meta={'grain': 'local_month'}) }}

with amounts as (

    select
        local_month,
        legal_entity,
        currency,
        cost,
        charge
    from {{ ref('billed_by_department_monthly') }}
    union all
    select
        local_month,
        legal_entity,
        currency,
        cast(-cost as decimal(38, 12)) as cost,
        cast(-charge as decimal(18, 3)) as charge
    from {{ ref('billed_lines_monthly') }}

)

select
    local_month,
    legal_entity,
    currency,
    sum(cost) as cost,
    sum(charge) as charge
from amounts
group by local_month, legal_entity, currency
having sum(cost) <> 0 or sum(charge) <> 0
