{{ config(materialized='table', meta={'grain': 'local_date', 'inputs_context_days': 1}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

addresses as (

    select * from {{ ref('int_addresses_classed') }}

),

people as (

    select * from {{ source('inputs', 'addresses') }}

),

collections as (

    select * from {{ source('inputs', 'collections') }}

),

deliveries as (

    select
        local_date,
        sent_at,
        sender,
        person_id,
        site,
        collection,
        conversation_id,
        recipients,
        kind,
        body_characters,
        body_bytes,
        file_bytes,
        unnest(recipients) as recipient
    from messages

),

-- Outsiders are at no site of the company's and have no local time.
placed as (

    select
        deliveries.*,
        senders.address as sender_address,
        case when senders.is_external then senders.domain end as sender_domain,
        addresses.address as recipient_address,
        addresses.domain as recipient_domain,
        case
            when addresses.is_external then 'external'
            when people.site <> deliveries.site then 'between_sites'
            else 'internal'
        end as destination,
        coalesce(
            people.person_id, case when not addresses.is_external then 'unknown' end
        ) as recipient_person_id,
        coalesce(
            people.name, case when not addresses.is_external then 'unknown' end
        ) as recipient_name,
        coalesce(
            people.site,
            case when not addresses.is_external then coalesce(collections.site, 'unknown') end
        ) as recipient_site,
        coalesce(
            people.department, case when not addresses.is_external then 'unknown' end
        ) as recipient_department,
        coalesce(
            people.cost_centre, case when not addresses.is_external then 'unknown' end
        ) as recipient_cost_centre,
        coalesce(
            people.time_zone,
            case when not addresses.is_external then coalesce(collections.time_zone, 'UTC') end
        ) as recipient_time_zone
    from deliveries
    inner join addresses
        on
            deliveries.local_date = addresses.local_date
            and deliveries.recipient = addresses.archived_address
    inner join addresses as senders
        on
            deliveries.local_date = senders.local_date
            and deliveries.sender = senders.archived_address
    left join collections on deliveries.collection = collections.collection
    left join people
        on
            addresses.address = people.address
            and (people.collection = '' or deliveries.collection = people.collection)
            and (people.start_at is null or deliveries.sent_at >= people.start_at)
            and (people.end_at is null or deliveries.sent_at < people.end_at)

),

timed as (

    select
        *,
        sent_at at time zone recipient_time_zone as received_time,
        sent_at at time zone 'UTC' as utc_time,
        coalesce(
            conversation_id,
            array_to_string(list_sort(list_distinct(list_append(recipients, sender))), ' ')
        ) as conversation
    from placed

),

final as (

    select
        local_date,
        sender_address as sender,
        sender_domain,
        person_id,
        site,
        conversation,
        recipient_address as recipient,
        recipient_domain,
        destination,
        recipient_person_id,
        recipient_name,
        recipient_site,
        recipient_department,
        recipient_cost_centre,
        cast(received_time as date) as received_date,
        cast(extract(hour from received_time) as integer) as received_hour,
        cast(date_diff('minute', utc_time, received_time) as integer) as received_offset_minutes,
        cast(sum(case when kind = 'message' then 1 else 0 end) as bigint) as messages,
        cast(sum(case when kind = 'file_transfer' then 1 else 0 end) as bigint) as file_transfers,
        cast(sum(coalesce(body_characters, 0)) as bigint) as characters,
        cast(sum(coalesce(body_bytes, 0)) as bigint) as body_bytes,
        sum(
            case
                when kind = 'file_transfer'
                    then
                        cast(
                            least(coalesce(file_bytes, 0), {{ var('largest_file_bytes') }})
                            as decimal(30, 0)
                        )
                else 0
            end
        ) as billed_file_bytes,
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at
    from timed
    group by
        local_date,
        sender_address,
        sender_domain,
        person_id,
        site,
        conversation,
        recipient_address,
        recipient_domain,
        destination,
        recipient_person_id,
        recipient_name,
        recipient_site,
        recipient_department,
        recipient_cost_centre,
        cast(received_time as date),
        cast(extract(hour from received_time) as integer),
        cast(date_diff('minute', utc_time, received_time) as integer)

)

select * from final
