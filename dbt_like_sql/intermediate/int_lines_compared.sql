{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with rated as (

    select * from {{ ref('charge_lines_monthly') }}

),

billed as (

    select * from {{ ref('int_lines_billed') }}

),

credit_notes as (

    select credits from {{ source('inputs', 'invoices') }}
    where kind = 'credit_note'

),

standing as (

    select distinct
        invoices.local_month,
        invoices.legal_entity,
        invoices.currency,
        invoices.cost_centre
    from {{ source('inputs', 'invoices') }} as invoices
    left join credit_notes on invoices.number = credit_notes.credits
    where
        invoices.kind = 'invoice'
        and credit_notes.credits is null

),

compared as (

    select
        coalesce(rated.local_month, billed.local_month) as local_month,
        coalesce(rated.legal_entity, billed.legal_entity) as legal_entity,
        coalesce(rated.currency, billed.currency) as currency,
        coalesce(rated.cost_centre, billed.cost_centre) as cost_centre,
        coalesce(rated.person_id, billed.person_id) as person_id,
        coalesce(rated.name, billed.name) as name,
        coalesce(rated.department, billed.department) as department,
        coalesce(rated.site, billed.site) as site,
        coalesce(rated.plan, billed.plan) as plan,
        coalesce(rated.usage_type, billed.usage_type) as usage_type,
        coalesce(rated.tax_percent, billed.tax_percent) as tax_percent,
        coalesce(rated.uses, 0) as rated_uses,
        coalesce(rated.quantity, 0) as rated_quantity,
        coalesce(rated.free_quantity, 0) as rated_free_quantity,
        coalesce(rated.cost, 0) as rated_cost,
        coalesce(rated.unrounded_charge, 0) as rated_unrounded_charge,
        coalesce(rated.charge, 0) as rated_charge,
        coalesce(billed.uses, 0) as billed_uses,
        coalesce(billed.quantity, 0) as billed_quantity,
        coalesce(billed.free_quantity, 0) as billed_free_quantity,
        coalesce(billed.cost, 0) as billed_cost,
        coalesce(billed.unrounded_charge, 0) as billed_unrounded_charge,
        coalesce(billed.charge, 0) as billed_charge
    from rated
    full outer join billed
        on
            rated.local_month = billed.local_month
            and rated.legal_entity = billed.legal_entity
            and rated.currency = billed.currency
            and rated.cost_centre = billed.cost_centre
            and rated.person_id = billed.person_id
            and rated.department = billed.department
            and rated.site = billed.site
            and rated.plan = billed.plan
            and rated.usage_type = billed.usage_type
            and rated.tax_percent = billed.tax_percent

),

final as (

    select
        compared.local_month,
        compared.legal_entity,
        compared.currency,
        compared.cost_centre,
        compared.person_id,
        compared.name,
        compared.department,
        compared.site,
        compared.plan,
        compared.usage_type,
        compared.tax_percent,
        standing.local_month is not null as is_issued,
        compared.rated_uses,
        compared.rated_quantity,
        compared.rated_free_quantity,
        compared.rated_cost,
        compared.rated_unrounded_charge,
        compared.rated_charge,
        compared.billed_uses,
        compared.billed_quantity,
        compared.billed_free_quantity,
        compared.billed_cost,
        compared.billed_unrounded_charge,
        compared.billed_charge,
        cast(compared.rated_uses - compared.billed_uses as bigint) as uses,
        cast(compared.rated_quantity - compared.billed_quantity as decimal(38, 6)) as quantity,
        cast(
            compared.rated_free_quantity - compared.billed_free_quantity as decimal(38, 6)
        ) as free_quantity,
        cast(compared.rated_cost - compared.billed_cost as decimal(38, 12)) as cost,
        cast(
            compared.rated_unrounded_charge - compared.billed_unrounded_charge as decimal(38, 12)
        ) as unrounded_charge,
        cast(compared.rated_charge - compared.billed_charge as decimal(18, 3)) as charge
    from compared
    left join standing
        on
            compared.local_month = standing.local_month
            and compared.legal_entity = standing.legal_entity
            and compared.currency = standing.currency
            and compared.cost_centre = standing.cost_centre

)

select * from final
