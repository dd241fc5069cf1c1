{{ config(severity='error', meta={'grain': 'local_month'}) }}

with summed as (

    select
        local_month,
        legal_entity,
        cost_centre,
        sum(net) as net,
        sum(tax) as tax,
        sum(gross) as gross
    from {{ ref('taxes_by_cost_centre_monthly') }}
    group by local_month, legal_entity, cost_centre

),

lines as (

    select
        local_month,
        legal_entity,
        cost_centre,
        sum(charge) as charge
    from {{ ref('charge_lines_monthly') }}
    group by local_month, legal_entity, cost_centre

)

select
    coalesce(lines.local_month, summed.local_month) as local_month,
    coalesce(lines.legal_entity, summed.legal_entity) as legal_entity,
    coalesce(lines.cost_centre, summed.cost_centre) as cost_centre,
    lines.charge as charge_of_lines,
    summed.net,
    summed.tax,
    summed.gross
from lines
full outer join summed
    on
        lines.local_month = summed.local_month
        and lines.legal_entity = summed.legal_entity
        and lines.cost_centre = summed.cost_centre
where
    lines.local_month is null
    or summed.local_month is null
    or lines.charge <> summed.net
    or summed.gross <> summed.net + summed.tax
