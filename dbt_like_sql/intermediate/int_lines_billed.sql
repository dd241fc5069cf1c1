{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select
        *,
        -- Numbers of a legal entity do not rise as texts: after 99999 comes 100000.
        concat(
            split_part(number, '-', -2), lpad(split_part(number, '-', -1), 12, '0')
        ) as year_and_place
    from {{ source('inputs', 'billed_lines') }}

),

-- The name as in the last document.
final as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        max_by(name, year_and_place) as name,
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
