{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with messages as (

    select * from {{ ref('int_messages_addressed') }}

),

addresses as (

    select * from {{ source('inputs', 'addresses') }}

),

collections as (

    select * from {{ source('inputs', 'collections') }}

),

company_domains as (

    select * from {{ source('inputs', 'company_domains') }}

),

recipients as (

    select
        message_id,
        unnest(recipients) as recipient
    from messages

),

-- user@domain, or ROOM/nick for an occupant whose address is unknown: whoever speaks in a room of
-- the company's is nobody else's.
domains as (

    select
        message_id,
        recipient like '%/%' as is_occupant,
        case
            when recipient like '%@%' then split_part(split_part(recipient, '@', 2), '/', 1)
            else split_part(recipient, '/', 1)
        end as domain
    from recipients

),

distinct_domains as (

    select distinct
        domain,
        is_occupant
    from domains

),

foreign_domains as (

    select
        distinct_domains.domain,
        distinct_domains.is_occupant
    from distinct_domains
    left join company_domains
        on
            distinct_domains.domain = company_domains.domain
            or (
                distinct_domains.is_occupant
                and distinct_domains.domain like concat('%.', company_domains.domain)
            )
    where company_domains.domain is null

),

external_messages as (

    select distinct domains.message_id
    from domains
    inner join foreign_domains
        on
            domains.domain = foreign_domains.domain
            and domains.is_occupant = foreign_domains.is_occupant

),

placed as (

    select
        messages.*,
        coalesce(addresses.person_id, 'unknown') as person_id,
        coalesce(addresses.name, 'unknown') as name,
        coalesce(addresses.site, collections.site, 'unknown') as site,
        coalesce(addresses.department, 'unknown') as department,
        coalesce(addresses.cost_centre, 'unknown') as cost_centre,
        coalesce(addresses.time_zone, collections.time_zone, 'UTC') as time_zone,
        case
            when external_messages.message_id is null then 'internal'
            else 'external'
        end as destination
    from messages
    left join external_messages on messages.message_id = external_messages.message_id
    left join collections on messages.collection = collections.collection
    left join addresses
        on
            lower(messages.sender) = addresses.address
            and (addresses.collection = '' or messages.collection = addresses.collection)
            and (addresses.start_at is null or messages.sent_at >= addresses.start_at)
            and (addresses.end_at is null or messages.sent_at < addresses.end_at)

),

timed as (

    select
        *,
        sent_at at time zone time_zone as local_time
    from placed

),

final as (

    select
        cast(local_time as date) as local_date,
        cast(
            extract(hour from local_time) * 4 + extract(minute from local_time) // 15 as bigint
        ) as local_quarter,
        message_id,
        native_id,
        sent_at,
        original_sent_at,
        sender,
        recipients,
        owner,
        conversation_id,
        kind,
        body_characters,
        body_bytes,
        file_name,
        file_bytes,
        refers_to,
        collection,
        upload_hour,
        archive_sha256,
        archive_name,
        ordinal,
        dialect,
        copies,
        person_id,
        name,
        site,
        department,
        cost_centre,
        time_zone,
        destination
    from timed

)

select * from final
