{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with uses as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month
    from {{ ref('int_uses_rated') }}
    where is_counted

),

payers as (

    select * from {{ ref('int_plans_assigned') }}

),

allowances as (

    select * from {{ source('inputs', 'allowances') }}

),

rates as (

    select * from {{ source('inputs', 'rates') }}

),

-- 1. Numbers in the place of names: what is put in order, millions of uses, has numbers only.
holders_numbered as (

    select
        local_date,
        payer,
        plan,
        dense_rank() over (order by holder) as holder_number
    from payers

),

rates_numbered as (

    select
        rate_id,
        usage_type,
        is_counted,
        package_steps,
        row_number() over (order by rate_id) as rate_number,
        dense_rank() over (order by rate_key) as key_number
    from rates

),

allowances_numbered as (

    select
        *,
        dense_rank() over (order by allowance_key) as allowance_number
    from allowances

),

allowance_keys as (

    select distinct
        allowance_number,
        allowance_key
    from allowances_numbered

),

-- A conversation, and an active person under a plan, are used once a month.
repeated as (

    select
        *,
        row_number() over (
            partition by local_month, usage_type, once_key
            order by sent_at, local_date, turn
        ) as occurrence
    from uses
    where once_key is not null

),

once as (

    select
        local_month,
        local_date,
        message_id,
        recipient,
        usage_type,
        sent_at,
        turn,
        place,
        payer,
        destination,
        rate_id,
        steps
    from uses
    where once_key is null
    union all
    select
        local_month,
        local_date,
        message_id,
        recipient,
        usage_type,
        sent_at,
        turn,
        place,
        payer,
        destination,
        rate_id,
        steps
    from repeated
    where occurrence = 1

),

allowed as (

    select
        once.local_month,
        once.local_date,
        once.message_id,
        once.recipient,
        once.sent_at,
        once.turn,
        once.place,
        once.payer,
        once.steps,
        holders_numbered.holder_number,
        rates_numbered.rate_number,
        rates_numbered.key_number,
        rates_numbered.is_counted,
        allowances_numbered.allowance_number,
        coalesce(allowances_numbered.allowance_steps, 0) as allowance_steps
    from once
    inner join holders_numbered
        on once.local_date = holders_numbered.local_date and once.payer = holders_numbered.payer
    inner join rates_numbered on once.rate_id = rates_numbered.rate_id
    left join allowances_numbered
        on
            holders_numbered.plan = allowances_numbered.plan
            and once.usage_type = allowances_numbered.usage_type
            and once.destination = allowances_numbered.destination
            and (
                allowances_numbered.valid_from is null
                or once.local_month >= allowances_numbered.valid_from
            )
            and (
                allowances_numbered.valid_to is null
                or once.local_month < allowances_numbered.valid_to
            )

),

-- 2. What the holder used before, of what the same allowance covers.
used_before as (

    select
        *,
        coalesce(
            sum(steps) over (
                partition by local_month, allowance_number, holder_number
                order by sent_at, local_date, turn, place
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as steps_before
    from allowed
    where allowance_number is not null

),

freed as (

    select
        *,
        case
            when steps_before >= allowance_steps then 0
            when steps_before + steps <= allowance_steps then steps
            else allowance_steps - steps_before
        end as free_steps
    from used_before
    union all
    select
        *,
        0 as steps_before,
        0 as free_steps
    from allowed
    where allowance_number is null

),

-- 3. What the holder was charged before, and in the whole month, by the same rate.
charged as (

    select
        *,
        steps - free_steps as charged_steps,
        coalesce(
            sum(steps - free_steps) over (
                partition by local_month, key_number, holder_number
                order by sent_at, local_date, turn, place
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as charged_before,
        sum(steps - free_steps) over (
            partition by local_month, key_number, holder_number
            order by sent_at, local_date, turn, place
            rows between unbounded preceding and unbounded following
        ) as charged_in_month
    from freed
    where is_counted
    union all
    select
        *,
        steps - free_steps as charged_steps,
        0 as charged_before,
        null as charged_in_month
    from freed
    where not is_counted

),

final as (

    select
        charged.local_month,
        charged.local_date,
        charged.message_id,
        charged.recipient,
        rates_numbered.usage_type,
        charged.sent_at,
        charged.payer,
        rates_numbered.rate_id,
        allowance_keys.allowance_key,
        cast(charged.allowance_steps as bigint) as allowance_steps,
        cast(charged.steps_before as hugeint) as steps_before,
        cast(charged.steps as bigint) as steps,
        cast(charged.free_steps as bigint) as free_steps,
        cast(charged.charged_steps as bigint) as charged_steps,
        cast(charged.charged_in_month as hugeint) as charged_in_month,
        cast(
            (charged.charged_before + rates_numbered.package_steps - 1)
            // rates_numbered.package_steps
            as hugeint
        ) as priced_from,
        cast(
            (charged.charged_before + charged.charged_steps + rates_numbered.package_steps - 1)
            // rates_numbered.package_steps
            as hugeint
        ) as priced_to
    from charged
    inner join rates_numbered on charged.rate_number = rates_numbered.rate_number
    left join allowance_keys on charged.allowance_number = allowance_keys.allowance_number

)

select * from final
