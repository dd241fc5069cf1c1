{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with rated as (

    select * from {{ ref('taxes_by_cost_centre_monthly') }}

),

billed as (

    select * from {{ ref('billed_taxes_monthly') }}

),

compared as (

    select
        coalesce(rated.local_month, billed.local_month) as local_month,
        coalesce(rated.legal_entity, billed.legal_entity) as legal_entity,
        coalesce(rated.currency, billed.currency) as currency,
        coalesce(rated.cost_centre, billed.cost_centre) as cost_centre,
        coalesce(rated.tax_percent, billed.tax_percent) as tax_percent,
        coalesce(rated.net, 0) as rated_net,
        coalesce(rated.tax, 0) as rated_tax,
        coalesce(billed.net, 0) as billed_net,
        coalesce(billed.tax, 0) as billed_tax
    from rated
    full outer join billed
        on
            rated.local_month = billed.local_month
            and rated.legal_entity = billed.legal_entity
            and rated.currency = billed.currency
            and rated.cost_centre = billed.cost_centre
            and rated.tax_percent = billed.tax_percent

),

final as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        tax_percent,
        rated_net,
        rated_tax,
        billed_net,
        billed_tax,
        cast(rated_net - billed_net as decimal(18, 3)) as net,
        cast(rated_tax - billed_tax as decimal(18, 3)) as tax
    from compared
    where
        rated_net <> billed_net
        or rated_tax <> billed_tax

)

select * from final
