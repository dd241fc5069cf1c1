{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with taxes as (

    select * from {{ source('inputs', 'billed_taxes') }}

),

summed as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        sum(net) as net,
        sum(tax) as tax
    from taxes
    group by local_month, legal_entity, currency, cost_centre, tax_percent

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
    from summed

)

select * from final
