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

payers as (

    select * from {{ ref('int_plans_assigned') }}

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
        payer,
        usage_type,
        rate_id,
        count(*) as uses,
        cast(sum(steps) as decimal(20, 0)) as steps,
        max(sent_at) as last_sent_at
    from rated
    group by local_date, payer, usage_type, rate_id

),

-- 2. Uses that were counted, and what of them lies in which tier.
counted_days as (

    select
        local_date,
        payer,
        usage_type,
        rate_id,
        count(*) as uses,
        cast(sum(steps) as decimal(20, 0)) as steps,
        cast(sum(free_steps) as decimal(20, 0)) as free_steps,
        max(sent_at) as last_sent_at
    from counted
    group by local_date, payer, usage_type, rate_id

),

tiered_days as (

    select
        local_date,
        payer,
        usage_type,
        rate_id,
        tier,
        cast(sum(priced) as decimal(20, 0)) as priced,
        max(sent_at) as last_sent_at
    from tiered
    group by local_date, payer, usage_type, rate_id, tier

),

days as (

    select
        local_date,
        payer,
        usage_type,
        rate_id,
        0 as tier,
        uses,
        steps,
        cast(0 as decimal(20, 0)) as free_steps,
        cast(0 as decimal(20, 0)) as priced,
        last_sent_at
    from plain
    union all
    select
        local_date,
        payer,
        usage_type,
        rate_id,
        1 as tier,
        0 as uses,
        cast(0 as decimal(20, 0)) as steps,
        cast(0 as decimal(20, 0)) as free_steps,
        steps as priced,
        last_sent_at
    from plain
    union all
    select
        local_date,
        payer,
        usage_type,
        rate_id,
        0 as tier,
        uses,
        steps,
        free_steps,
        cast(0 as decimal(20, 0)) as priced,
        last_sent_at
    from counted_days
    union all
    select
        local_date,
        payer,
        usage_type,
        rate_id,
        tier,
        0 as uses,
        cast(0 as decimal(20, 0)) as steps,
        cast(0 as decimal(20, 0)) as free_steps,
        priced,
        last_sent_at
    from tiered_days

),

days_of_payers as (

    select
        days.*,
        payers.person_id,
        payers.name,
        payers.site,
        payers.department,
        payers.cost_centre,
        payers.plan,
        payers.holder
    from days
    inner join payers on days.local_date = payers.local_date and days.payer = payers.payer

),

months as (

    select
        cast(date_trunc('month', days_of_payers.local_date) as date) as local_month,
        legal_entities.legal_entity,
        days_of_payers.person_id,
        days_of_payers.name,
        days_of_payers.site,
        days_of_payers.department,
        days_of_payers.cost_centre,
        days_of_payers.plan,
        days_of_payers.holder,
        days_of_payers.usage_type,
        coalesce(taxes.tax_percent, cast(0 as decimal(6, 2))) as tax_percent,
        days_of_payers.rate_id,
        days_of_payers.tier,
        cast(sum(days_of_payers.uses) as bigint) as uses,
        cast(sum(days_of_payers.steps) as decimal(20, 0)) as steps,
        cast(sum(days_of_payers.free_steps) as decimal(20, 0)) as free_steps,
        cast(sum(days_of_payers.priced) as decimal(20, 0)) as priced,
        max(days_of_payers.last_sent_at) as last_sent_at
    from days_of_payers
    inner join legal_entities
        on
            days_of_payers.site = legal_entities.site
            and (
                legal_entities.valid_from is null
                or days_of_payers.local_date >= legal_entities.valid_from
            )
            and (
                legal_entities.valid_to is null
                or days_of_payers.local_date < legal_entities.valid_to
            )
    left join taxes
        on
            days_of_payers.site = taxes.site
            and days_of_payers.usage_type = taxes.usage_type
            and (taxes.valid_from is null or days_of_payers.local_date >= taxes.valid_from)
            and (taxes.valid_to is null or days_of_payers.local_date < taxes.valid_to)
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
