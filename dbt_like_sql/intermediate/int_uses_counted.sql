{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with uses as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month
    from {{ ref('int_uses_rated') }}
    where is_counted

),

allowances as (

    select * from {{ source('inputs', 'allowances') }}

),

rates as (

    select * from {{ source('inputs', 'rates') }}

),

-- A conversation, and an active person under a plan, are used once a month.
repeated as (

    select
        *,
        case
            when once_key is null then 1
            else row_number() over (
                partition by local_month, usage_type, once_key
                order by sent_at, local_date, turn
            )
        end as occurrence
    from uses

),

allowed as (

    select
        repeated.*,
        rates.rate_key,
        rates.tiering,
        rates.package_steps,
        rates.unit_value,
        allowances.allowance_key,
        coalesce(allowances.allowance_steps, 0) as allowance_steps
    from repeated
    inner join rates on repeated.rate_id = rates.rate_id
    left join allowances
        on
            repeated.plan = allowances.plan
            and repeated.usage_type = allowances.usage_type
            and repeated.destination = allowances.destination
            and (allowances.valid_from is null or repeated.local_month >= allowances.valid_from)
            and (allowances.valid_to is null or repeated.local_month < allowances.valid_to)
    where repeated.occurrence = 1

),

-- What the holder used before, of what the same allowance covers.
used_before as (

    select
        *,
        coalesce(
            sum(steps) over (
                partition by local_month, allowance_key, holder
                order by sent_at, local_date, turn, recipient
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as steps_before
    from allowed

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

),

-- What the holder was charged before, and in the whole month, by the same rate.
charged as (

    select
        *,
        steps - free_steps as charged_steps,
        coalesce(
            sum(steps - free_steps) over (
                partition by local_month, rate_key, holder
                order by sent_at, local_date, turn, recipient
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as charged_before,
        sum(steps - free_steps) over (partition by local_month, rate_key, holder)
            as charged_in_month
    from freed

),

final as (

    select
        local_month,
        local_date,
        message_id,
        recipient,
        usage_type,
        sent_at,
        person_id,
        name,
        site,
        department,
        cost_centre,
        plan,
        holder,
        rate_id,
        tiering,
        unit_value,
        allowance_key,
        cast(allowance_steps as bigint) as allowance_steps,
        cast(steps_before as hugeint) as steps_before,
        cast(steps as bigint) as steps,
        cast(free_steps as bigint) as free_steps,
        cast(charged_steps as bigint) as charged_steps,
        cast(charged_in_month as hugeint) as charged_in_month,
        cast((charged_before + package_steps - 1) // package_steps as hugeint) as priced_from,
        cast(
            (charged_before + charged_steps + package_steps - 1) // package_steps as hugeint
        ) as priced_to
    from charged

)

select * from final
