{{ config(severity='error', meta={'grain': 'local_month'}) }}

with amounts as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        net
    from {{ ref('billed_taxes_monthly') }}
    union all
    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        cast(-charge as decimal(18, 3)) as net
    from {{ ref('billed_lines_monthly') }}

)

select
    local_month,
    legal_entity,
    currency,
    cost_centre,
    tax_percent,
    sum(net) as difference
from amounts
group by local_month, legal_entity, currency, cost_centre, tax_percent
having sum(net) <> 0
