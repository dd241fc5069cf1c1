{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select * from {{ ref('int_lines_rounded') }}

),

people as (

    select * from {{ ref('int_people_planned') }}
    where minimum is not null or maximum is not null

),

legal_entities as (

    select * from {{ source('inputs', 'legal_entities') }}

),

taxes as (

    select * from {{ source('inputs', 'taxes') }}

),

charged as (

    select
        local_month,
        plan,
        holder,
        sum(charge) as charge
    from lines
    group by local_month, plan, holder

),

-- The last day under the plan says where a minimum or maximum belongs.
ranked as (

    select
        *,
        row_number() over (
            partition by local_month, plan, holder order by local_date desc, person_id asc
        ) as place
    from people

),

days as (

    select
        local_month,
        plan,
        holder,
        count(distinct local_date) as days_due
    from people
    group by local_month, plan, holder

),

-- Whole numbers of 10^-12, because a division of DECIMAL is no DECIMAL.
holders as (

    select
        ranked.*,
        coalesce(charged.charge, 0) as charge,
        cast(
            cast(
                (
                    2 * cast(ranked.minimum * cast(1000000 as decimal(7, 0)) as hugeint)
                    * 1000000
                    * case when ranked.is_prorated then days.days_due else ranked.days_of_month end
                    + ranked.days_of_month
                )
                // (2 * ranked.days_of_month)
                as decimal(26, 0)
            ) * cast(0.000000000001 as decimal(12, 12)) as decimal(38, 12)
        ) as minimum_due
    from ranked
    inner join days
        on
            ranked.local_month = days.local_month
            and ranked.plan = days.plan
            and ranked.holder = days.holder
    left join charged
        on
            ranked.local_month = charged.local_month
            and ranked.plan = charged.plan
            and ranked.holder = charged.holder
    where ranked.place = 1

),

differences as (

    select
        *,
        'minimum' as usage_type,
        cast(minimum_due - charge as decimal(38, 12)) as difference
    from holders
    where minimum_due > charge
    union all
    select
        *,
        'maximum' as usage_type,
        cast(maximum - charge as decimal(38, 12)) as difference
    from holders
    where maximum < charge

),

limits as (

    select
        differences.local_month,
        legal_entities.legal_entity,
        legal_entities.currency,
        differences.cost_centre,
        case differences.scope
            when 'person' then differences.person_id else 'shared'
        end as person_id,
        case differences.scope when 'person' then differences.name else 'shared' end as name,
        case differences.scope
            when 'person' then differences.department else 'shared'
        end as department,
        differences.site,
        differences.plan,
        differences.usage_type,
        coalesce(taxes.tax_percent, cast(0 as decimal(6, 2))) as tax_percent,
        differences.difference,
        case legal_entities.minor_unit_digits
            when 0 then cast(round(differences.difference, 0) as decimal(18, 3))
            when 3 then cast(round(differences.difference, 3) as decimal(18, 3))
            else cast(round(differences.difference, 2) as decimal(18, 3))
        end as charge
    from differences
    inner join legal_entities
        on
            differences.site = legal_entities.site
            and (
                legal_entities.valid_from is null
                or differences.local_date >= legal_entities.valid_from
            )
            and (
                legal_entities.valid_to is null
                or differences.local_date < legal_entities.valid_to
            )
    left join taxes
        on
            differences.site = taxes.site
            and differences.usage_type = taxes.usage_type
            and (taxes.valid_from is null or differences.local_date >= taxes.valid_from)
            and (taxes.valid_to is null or differences.local_date < taxes.valid_to)

),

final as (

    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        name,
        department,
        site,
        plan,
        usage_type,
        tax_percent,
        uses,
        quantity,
        free_quantity,
        cast(quantity - free_quantity as decimal(38, 6)) as billed_quantity,
        cost,
        unrounded_charge,
        charge,
        last_sent_at
    from lines
    union all
    select
        local_month,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        name,
        department,
        site,
        plan,
        usage_type,
        tax_percent,
        cast(0 as bigint) as uses,
        cast(0 as decimal(38, 6)) as quantity,
        cast(0 as decimal(38, 6)) as free_quantity,
        cast(0 as decimal(38, 6)) as billed_quantity,
        cast(0 as decimal(38, 12)) as cost,
        difference as unrounded_charge,
        cast(charge as decimal(18, 3)) as charge,
        cast(null as timestamp with time zone) as last_sent_at
    from limits

)

select * from final
