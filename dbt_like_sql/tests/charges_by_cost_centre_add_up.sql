{{ config(severity='error', meta={'grain': 'local_month'}) }}

with summed as (

    select
        local_month,
        currency,
        sum(charge) as charge
    from {{ ref('charges_by_cost_centre_monthly') }}
    group by local_month, currency

),

lines as (

    select
        local_month,
        currency,
        sum(charge) as charge
    from {{ ref('charge_lines_monthly') }}
    group by local_month, currency

)

select
    lines.local_month,
    lines.currency,
    lines.charge as charge_of_lines,
    summed.charge
from lines
left join summed on lines.local_month = summed.local_month and lines.currency = summed.currency
where lines.charge <> coalesce(summed.charge, 0)
