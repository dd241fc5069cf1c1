{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with details as (

    select * from {{ ref('int_charges_detailed') }}

),

legal_entities as (

    select distinct
        legal_entity,
        currency,
        minor_unit_digits
    from {{ source('inputs', 'legal_entities') }}

),

lines as (

    select
        local_month,
        legal_entity,
        person_id,
        coalesce(
            max_by(name, struct_pack(at := last_sent_at, name := name))
            filter (where last_sent_at is not null),
            max(name)
        ) as name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        tax_percent,
        sum(uses) as uses,
        sum(quantity) as quantity,
        sum(free_quantity) as free_quantity,
        sum(cost) as cost,
        round(sum(charge), 12) as unrounded_charge,
        max(last_sent_at) as last_sent_at
    from details
    group by
        local_month,
        legal_entity,
        person_id,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        tax_percent

),

final as (

    select
        lines.local_month,
        legal_entities.legal_entity,
        legal_entities.currency,
        legal_entities.minor_unit_digits,
        lines.cost_centre,
        lines.person_id,
        lines.name,
        lines.department,
        lines.site,
        lines.plan,
        lines.holder,
        lines.usage_type,
        lines.tax_percent,
        cast(lines.uses as bigint) as uses,
        cast(lines.quantity as decimal(38, 6)) as quantity,
        cast(lines.free_quantity as decimal(38, 6)) as free_quantity,
        cast(lines.cost as decimal(38, 12)) as cost,
        cast(lines.unrounded_charge as decimal(38, 12)) as unrounded_charge,
        cast(
            case legal_entities.minor_unit_digits
                when 0 then cast(round(lines.unrounded_charge, 0) as decimal(18, 3))
                when 3 then cast(round(lines.unrounded_charge, 3) as decimal(18, 3))
                else cast(round(lines.unrounded_charge, 2) as decimal(18, 3))
            end as decimal(18, 3)
        ) as charge,
        lines.last_sent_at
    from lines
    inner join legal_entities on lines.legal_entity = legal_entities.legal_entity

)

select * from final
