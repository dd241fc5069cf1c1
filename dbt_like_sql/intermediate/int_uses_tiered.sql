{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with counted as (

    select * from {{ ref('int_uses_counted') }}

),

tiers as (

    select * from {{ source('inputs', 'rate_tiers') }}

),

final as (

    select
        counted.local_month,
        counted.local_date,
        counted.message_id,
        counted.recipient,
        counted.person_id,
        counted.name,
        counted.site,
        counted.department,
        counted.cost_centre,
        counted.plan,
        counted.holder,
        counted.usage_type,
        counted.rate_id,
        counted.sent_at,
        tiers.tier,
        cast(
            case
                when counted.tiering = 'volume' then counted.charged_steps
                else
                    least(counted.priced_to, coalesce(tiers.tier_to, counted.priced_to))
                    - greatest(counted.priced_from, tiers.tier_from)
            end as hugeint
        ) as priced
    from counted
    inner join tiers
        on
            counted.rate_id = tiers.rate_id
            and (
                (
                    counted.tiering <> 'volume'
                    and counted.priced_to > counted.priced_from
                    and counted.priced_to > tiers.tier_from
                    and (tiers.tier_to is null or counted.priced_from < tiers.tier_to)
                )
                or (
                    counted.tiering = 'volume'
                    and counted.charged_in_month > tiers.tier_from
                    and (tiers.tier_to is null or counted.charged_in_month <= tiers.tier_to)
                )
            )

)

select * from final
