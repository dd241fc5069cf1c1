{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select * from {{ source('inputs', 'billed_lines') }}

),

-- The name as in the last document: numbers of one legal entity and year rise as texts, too.
final as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        max_by(name, number) as name,
        department,
        site,
        plan,
        usage_type,
        tax_percent,
        cast(sum(uses) as bigint) as uses,
        cast(sum(quantity) as decimal(38, 6)) as quantity,
        cast(sum(free_quantity) as decimal(38, 6)) as free_quantity,
        cast(sum(cost) as decimal(38, 12)) as cost,
        cast(sum(unrounded_charge) as decimal(38, 12)) as unrounded_charge,
        cast(sum(charge) as decimal(18, 3)) as charge
    from lines
    group by
        local_month,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        department,
        site,
        plan,
        usage_type,
        tax_percent

)

select * from final
