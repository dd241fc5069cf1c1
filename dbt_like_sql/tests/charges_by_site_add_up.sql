{{ config(severity='error', meta={'grain': 'local_month'}) }}

with summed as (

    select
        local_month,
        legal_entity,
        currency,
        sum(cost) as cost,
        sum(charge) as charge
    from {{ ref('charges_by_site_monthly') }}
    group by local_month, legal_entity, currency

),

lines as (

    select
        local_month,
        legal_entity,
        currency,
        sum(cost) as cost,
        sum(charge) as charge
    from {{ ref('charge_lines_monthly') }}
    group by local_month, legal_entity, currency

)

select
    coalesce(lines.local_month, summed.local_month) as local_month,
    coalesce(lines.legal_entity, summed.legal_entity) as legal_entity,
    coalesce(lines.currency, summed.currency) as currency,
    lines.cost as cost_of_lines,
    summed.cost,
    lines.charge as charge_of_lines,
    summed.charge
from lines
full outer join summed
    on
        lines.local_month = summed.local_month
        and lines.legal_entity = summed.legal_entity
        and lines.currency = summed.currency
where
    lines.local_month is null
    or summed.local_month is null
    or lines.cost <> summed.cost
    or lines.charge <> summed.charge
