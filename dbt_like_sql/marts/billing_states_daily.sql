{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}

),

payers as (

    select * from {{ ref('int_plans_assigned') }}

),

rated as (

    select * from {{ ref('int_uses_rated') }}

),

counted as (

    select * from {{ ref('int_uses_counted') }}

),

tiered as (

    select * from {{ ref('int_uses_tiered') }}

),

rates as (

    select * from {{ source('inputs', 'rates') }}

),

rate_tiers as (

    select * from {{ source('inputs', 'rate_tiers') }}

),

allowances as (

    select * from {{ source('inputs', 'allowances') }}

),

-- 1. What is free: by its price, but packages never; and by an allowance.
prices as (

    select
        rate_tiers.rate_id,
        rate_tiers.tier,
        rates.plan,
        rates.tiering = 'package' as is_package,
        rate_tiers.price = 0 and rate_tiers.markup_fixed = 0 and rates.tiering <> 'package'
            as is_free
    from rate_tiers
    inner join rates on rate_tiers.rate_id = rates.rate_id

),

-- Only where a plan has something free it has to be looked at message by message.
plans_with_free as (

    select plan from prices
    where is_free
    union
    select plan from allowances

),

payers_with_free as (

    select
        payers.local_date,
        payers.payer
    from payers
    inner join plans_with_free on payers.plan = plans_with_free.plan

),

-- 2. Elsewhere every message is billed, by the one use that it is itself.
billed as (

    select
        rated.local_date,
        rated.payer,
        rated.usage_type as kind,
        'billed' as state,
        count(*) as messages
    from rated
    left join payers_with_free
        on
            rated.local_date = payers_with_free.local_date
            and rated.payer = payers_with_free.payer
    where
        rated.usage_type in ('message', 'file_transfer')
        and payers_with_free.payer is null
    group by rated.local_date, rated.payer, rated.usage_type

),

-- 3. Of every use, whether some of it is free and whether some is billed.
parts as (

    select
        rated.local_date,
        rated.payer,
        rated.message_id,
        rated.usage_type,
        prices.is_free
    from rated
    inner join prices on rated.rate_id = prices.rate_id and prices.tier = 1
    where not rated.is_counted and rated.steps > 0
    union all
    select
        local_date,
        payer,
        message_id,
        usage_type,
        true as is_free
    from counted
    where free_steps > 0
    union all
    select
        counted.local_date,
        counted.payer,
        counted.message_id,
        counted.usage_type,
        false as is_free
    from counted
    inner join prices on counted.rate_id = prices.rate_id and prices.tier = 1
    where prices.is_package and counted.charged_steps > 0
    union all
    select
        tiered.local_date,
        tiered.payer,
        tiered.message_id,
        tiered.usage_type,
        prices.is_free
    from tiered
    inner join prices on tiered.rate_id = prices.rate_id and tiered.tier = prices.tier
    where not prices.is_package and tiered.priced > 0

),

looked_at as (

    select
        parts.local_date,
        parts.payer,
        parts.message_id,
        max(case when parts.usage_type in ('message', 'file_transfer') then parts.usage_type end)
            as kind,
        case
            when bool_and(parts.is_free) then 'free'
            when bool_or(parts.is_free) then 'in_part'
            else 'billed'
        end as state
    from parts
    inner join payers_with_free
        on
            parts.local_date = payers_with_free.local_date
            and parts.payer = payers_with_free.payer
    group by parts.local_date, parts.payer, parts.message_id

),

used as (

    select
        local_date,
        payer,
        kind,
        state,
        messages
    from billed
    union all
    select
        local_date,
        payer,
        kind,
        state,
        count(*) as messages
    from looked_at
    group by local_date, payer, kind, state

),

counted_messages as (

    select
        used.local_date,
        payers.person_id,
        payers.site,
        payers.department,
        payers.cost_centre,
        used.kind,
        used.state,
        used.messages
    from used
    inner join payers on used.local_date = payers.local_date and used.payer = payers.payer
    union all
    select
        local_date,
        person_id,
        site,
        department,
        cost_centre,
        kind,
        'not_billable' as state,
        count(*) as messages
    from messages
    where kind not in ('message', 'file_transfer')
    group by local_date, person_id, site, department, cost_centre, kind

),

final as (

    select
        cast(date_trunc('month', local_date) as date) as local_month,
        local_date,
        person_id,
        site,
        department,
        cost_centre,
        kind,
        state,
        cast(sum(messages) as bigint) as messages
    from counted_messages
    group by local_date, person_id, site, department, cost_centre, kind, state

)

select * from final
