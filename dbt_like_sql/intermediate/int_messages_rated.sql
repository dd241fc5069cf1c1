{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}

),

tariff as (

    select * from {{ source('inputs', 'tariff') }}

),

usage as (

    select
        *,
        kind as usage_type
    from messages
    where kind in ('message', 'file_transfer')

),

-- A price per day and use, so that messages find theirs by equality.
uses as (

    select distinct
        local_date,
        usage_type,
        destination
    from usage

),

prices as (

    select
        uses.local_date,
        uses.usage_type,
        uses.destination,
        tariff.price
    from uses
    inner join tariff
        on
            uses.usage_type = tariff.usage_type
            and uses.destination = tariff.destination
            and (tariff.valid_from is null or uses.local_date >= tariff.valid_from)
            and (tariff.valid_to is null or uses.local_date < tariff.valid_to)

),

final as (

    select
        usage.local_date,
        usage.message_id,
        usage.sent_at,
        usage.person_id,
        usage.name,
        usage.site,
        usage.department,
        usage.cost_centre,
        usage.usage_type,
        usage.destination,
        usage.body_characters,
        usage.file_bytes,
        len(usage.recipients) as deliveries,
        prices.price
    from usage
    left join prices
        on
            usage.local_date = prices.local_date
            and usage.usage_type = prices.usage_type
            and usage.destination = prices.destination

)

select * from final
