{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select * from {{ ref('charge_lines_monthly') }}

),

legal_entities as (

    select distinct
        legal_entity,
        minor_unit_digits
    from {{ source('inputs', 'legal_entities') }}

),

summed as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        sum(charge) as net
    from lines
    group by local_month, legal_entity, currency, cost_centre, tax_percent

),

-- Tax is rounded once per rate, on the sum of its lines.
taxed as (

    select
        summed.*,
        legal_entities.minor_unit_digits,
        cast(summed.net as decimal(22, 3)) * summed.tax_percent * cast(0.01 as decimal(2, 2))
            as tax
    from summed
    inner join legal_entities on summed.legal_entity = legal_entities.legal_entity

),

rounded as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        net,
        case minor_unit_digits
            when 0 then cast(round(tax, 0) as decimal(18, 3))
            when 3 then cast(round(tax, 3) as decimal(18, 3))
            else cast(round(tax, 2) as decimal(18, 3))
        end as tax
    from taxed

),

final as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        cast(net as decimal(18, 3)) as net,
        cast(tax as decimal(18, 3)) as tax,
        cast(net + tax as decimal(18, 3)) as gross
    from rounded

)

select * from final
