{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with counted as (

    select * from {{ ref('int_uses_counted') }}

),

rates as (

    select * from {{ source('inputs', 'rates') }}

),

tiers as (

    select * from {{ source('inputs', 'rate_tiers') }}

),

rated_tiers as (

    select
        tiers.rate_id,
        tiers.tier,
        tiers.tier_from,
        tiers.tier_to,
        rates.tiering = 'volume' as is_volume
    from tiers
    inner join rates on tiers.rate_id = rates.rate_id

),

final as (

    select
        counted.local_month,
        counted.local_date,
        counted.message_id,
        counted.recipient,
        counted.usage_type,
        counted.sent_at,
        counted.payer,
        counted.rate_id,
        rated_tiers.tier,
        cast(
            case
                when rated_tiers.is_volume then counted.charged_steps
                else
                    least(counted.priced_to, coalesce(rated_tiers.tier_to, counted.priced_to))
                    - greatest(counted.priced_from, rated_tiers.tier_from)
            end as hugeint
        ) as priced
    from counted
    inner join rated_tiers
        on
            counted.rate_id = rated_tiers.rate_id
            and (
                (
                    not rated_tiers.is_volume
                    and counted.priced_to > counted.priced_from
                    and counted.priced_to > rated_tiers.tier_from
                    and (
                        rated_tiers.tier_to is null or counted.priced_from < rated_tiers.tier_to
                    )
                )
                or (
                    rated_tiers.is_volume
                    and counted.charged_in_month > rated_tiers.tier_from
                    and (
                        rated_tiers.tier_to is null
                        or counted.charged_in_month <= rated_tiers.tier_to
                    )
                )
            )

)

select * from final
