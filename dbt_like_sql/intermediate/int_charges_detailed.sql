{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with rated as (

    select * from {{ ref('int_uses_rated') }}
    where not is_counted

),

counted as (

    select * from {{ ref('int_uses_counted') }}

),

tiered as (

    select * from {{ ref('int_uses_tiered') }}

),

fees as (

    select * from {{ ref('int_fees_charged') }}

),

rates as (

    select * from {{ source('inputs', 'rates') }}

),

tiers as (

    select * from {{ source('inputs', 'rate_tiers') }}

),

taxes as (

    select * from {{ source('inputs', 'taxes') }}

),

legal_entities as (

    select * from {{ source('inputs', 'legal_entities') }}

),

-- 1. Uses whose price depends on nothing else, added up per day. Tier 0 is the quantity itself.
plain as (

    select
        local_date,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        rate_id,
        count(*) as uses,
        cast(sum(steps) as decimal(20, 0)) as steps,
        max(sent_at) as last_sent_at
    from rated
    group by all

),

plain_tiers as (

    select
        plain.*,
        0 as tier,
        cast(0 as decimal(20, 0)) as free_steps,
        cast(0 as decimal(20, 0)) as priced
    from plain
    union all
    select
        plain.*,
        1 as tier,
        cast(0 as decimal(20, 0)) as free_steps,
        plain.steps as priced
    from plain

),

-- 2. Uses that were counted, and what of them lies in which tier.
counted_tiers as (

    select
        local_date,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        rate_id,
        count(*) as uses,
        cast(sum(steps) as decimal(20, 0)) as steps,
        max(sent_at) as last_sent_at,
        0 as tier,
        cast(sum(free_steps) as decimal(20, 0)) as free_steps,
        cast(0 as decimal(20, 0)) as priced
    from counted
    group by all
    union all
    select
        local_date,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        rate_id,
        0 as uses,
        cast(0 as decimal(20, 0)) as steps,
        max(sent_at) as last_sent_at,
        tier,
        cast(0 as decimal(20, 0)) as free_steps,
        cast(sum(priced) as decimal(20, 0)) as priced
    from tiered
    group by all

),

days as (

    select
        local_date,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        rate_id,
        tier,
        case tier when 0 then uses else 0 end as uses,
        case tier when 0 then steps else 0 end as steps,
        free_steps,
        priced,
        last_sent_at
    from plain_tiers
    union all
    select
        local_date,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        rate_id,
        tier,
        uses,
        steps,
        free_steps,
        priced,
        last_sent_at
    from counted_tiers

),

months as (

    select
        cast(date_trunc('month', days.local_date) as date) as local_month,
        legal_entities.legal_entity,
        days.person_id,
        days.name,
        days.site,
        days.department,
        days.cost_centre,
        days.plan,
        days.holder,
        days.usage_type,
        coalesce(taxes.tax_percent, cast(0 as decimal(6, 2))) as tax_percent,
        days.rate_id,
        days.tier,
        cast(sum(days.uses) as bigint) as uses,
        cast(sum(days.steps) as decimal(20, 0)) as steps,
        cast(sum(days.free_steps) as decimal(20, 0)) as free_steps,
        cast(sum(days.priced) as decimal(20, 0)) as priced,
        max(days.last_sent_at) as last_sent_at
    from days
    inner join legal_entities
        on
            days.site = legal_entities.site
            and (legal_entities.valid_from is null or days.local_date >= legal_entities.valid_from)
            and (legal_entities.valid_to is null or days.local_date < legal_entities.valid_to)
    left join taxes
        on
            days.site = taxes.site
            and days.usage_type = taxes.usage_type
            and (taxes.valid_from is null or days.local_date >= taxes.valid_from)
            and (taxes.valid_to is null or days.local_date < taxes.valid_to)
    group by all

),

-- 3. Money. The casts keep every product within the 38 digits that DECIMAL has.
priced as (

    select
        months.*,
        rates.unit_value,
        rates.price_value,
        rates.tiering,
        tiers.price,
        tiers.markup_factor,
        tiers.markup_fixed,
        cast(coalesce(months.priced * tiers.price, 0) as decimal(31, 6)) * rates.price_value
            as cost,
        cast(coalesce(months.priced * tiers.markup_fixed, 0) as decimal(31, 6))
        * rates.price_value as fixed
    from months
    inner join rates on months.rate_id = rates.rate_id
    left join tiers on months.rate_id = tiers.rate_id and months.tier = tiers.tier

),

charged as (

    select
        *,
        cast(cost as decimal(30, 12)) * coalesce(markup_factor, 1)
        + cast(fixed as decimal(38, 16)) as charge
    from priced

),

final as (

    select
        local_month,
        legal_entity,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        tax_percent,
        rate_id,
        tier,
        uses,
        cast(steps * unit_value as decimal(38, 6)) as quantity,
        cast(
            case
                when tier > 0 and tiering <> 'package' and price = 0 and markup_fixed = 0
                    then priced * unit_value
                else free_steps * unit_value
            end as decimal(38, 6)
        ) as free_quantity,
        cast(cost as decimal(38, 12)) as cost,
        cast(charge as decimal(38, 16)) as charge,
        last_sent_at
    from charged
    union all
    select
        local_month,
        legal_entity,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        usage_type,
        tax_percent,
        rate_id,
        tier,
        uses,
        quantity,
        free_quantity,
        cost,
        charge,
        last_sent_at
    from fees

)

select * from final
