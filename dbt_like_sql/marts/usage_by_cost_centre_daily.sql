{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with usage as (

    select * from {{ ref('int_usage_summed') }}

),

legal_entities as (

    select * from {{ source('inputs', 'legal_entities') }}

),

billed as (

    select
        usage.*,
        legal_entities.legal_entity
    from usage
    inner join legal_entities
        on
            usage.site = legal_entities.site
            and (
                legal_entities.valid_from is null
                or usage.local_date >= legal_entities.valid_from
            )
            and (legal_entities.valid_to is null or usage.local_date < legal_entities.valid_to)

),

final as (

    select
        local_date,
        legal_entity,
        cost_centre,
        count(distinct active_person_id) as active_people,
        count(distinct person_id) as participants,
        cast(sum(messages) as bigint) as messages,
        cast(sum(file_transfers) as bigint) as file_transfers,
        cast(sum(internal) as bigint) as internal,
        cast(sum(between_sites) as bigint) as between_sites,
        cast(sum(external) as bigint) as external,
        cast(sum(deliveries) as bigint) as deliveries,
        cast(sum(characters) as bigint) as characters,
        cast(sum(body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3)) as kilobytes,
        cast(sum(billed_file_bytes) as decimal(30, 0)) * cast(0.000001 as decimal(7, 6))
            as file_megabytes,
        count(distinct conversation) as conversations,
        cast(sum(received) as bigint) as received,
        cast(sum(received_body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3))
            as received_kilobytes,
        min(first_sent_at) as first_sent_at,
        max(last_sent_at) as last_sent_at
    from billed
    group by local_date, legal_entity, cost_centre

)

select * from final
