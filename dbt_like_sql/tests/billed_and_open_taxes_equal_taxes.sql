{{ config(severity='error', meta={'grain': 'local_month'}) }}

with amounts as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        net,
        tax
    from {{ ref('open_tax_adjustments') }}
    union all
    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        net,
        tax
    from {{ ref('billed_taxes_monthly') }}
    union all
    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        cast(-net as decimal(18, 3)) as net,
        cast(-tax as decimal(18, 3)) as tax
    from {{ ref('taxes_by_cost_centre_monthly') }}

)

select
    local_month,
    legal_entity,
    currency,
    cost_centre,
    tax_percent,
    sum(net) as net,
    sum(tax) as tax
from amounts
group by local_month, legal_entity, currency, cost_centre, tax_percent
having sum(net) <> 0 or sum(tax) <> 0
