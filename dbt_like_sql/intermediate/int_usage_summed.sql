{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

deliveries as (

    select * from {{ ref('int_deliveries_located') }}
    where is_farthest and destination = 'between_sites'

),

receipts as (

    select * from {{ ref('int_receipts_summed') }}

),

timed as (

    select
        messages.*,
        deliveries.message_id is not null as is_between_sites,
        messages.sent_at at time zone messages.time_zone as local_time,
        messages.sent_at at time zone 'UTC' as utc_time,
        coalesce(
            messages.conversation_id,
            array_to_string(
                list_sort(list_distinct(list_append(messages.recipients, messages.sender))), ' '
            )
        ) as conversation
    from messages
    left join deliveries on messages.message_id = deliveries.message_id

),

sent as (

    select
        local_date,
        cast(extract(hour from local_time) as integer) as local_hour,
        cast(date_diff('minute', utc_time, local_time) as integer) as utc_offset_minutes,
        person_id,
        name,
        site,
        department,
        cost_centre,
        conversation,
        cast(sum(case when kind = 'message' then 1 else 0 end) as bigint) as messages,
        cast(sum(case when kind = 'file_transfer' then 1 else 0 end) as bigint) as file_transfers,
        cast(sum(case when destination = 'internal' then 1 else 0 end) as bigint) as internal,
        cast(sum(case when is_between_sites then 1 else 0 end) as bigint) as between_sites,
        cast(sum(case when destination = 'external' then 1 else 0 end) as bigint) as external,
        cast(sum(len(recipients)) as bigint) as deliveries,
        cast(sum(coalesce(body_characters, 0)) as bigint) as characters,
        cast(sum(coalesce(body_bytes, 0)) as bigint) as body_bytes,
        sum(cast(coalesce(file_bytes, 0) as decimal(30, 0))) as file_bytes,
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
        cast(extract(hour from local_time) as integer),
        cast(date_diff('minute', utc_time, local_time) as integer),
        person_id,
        name,
        site,
        department,
        cost_centre,
        conversation

),

received as (

    select
        local_date,
        local_hour,
        utc_offset_minutes,
        person_id,
        name,
        site,
        department,
        cost_centre,
        cast(sum(received) as bigint) as received,
        cast(sum(received_body_bytes) as bigint) as received_body_bytes
    from receipts
    group by
        local_date,
        local_hour,
        utc_offset_minutes,
        person_id,
        name,
        site,
        department,
        cost_centre

),

final as (

    select
        local_date,
        local_hour,
        utc_offset_minutes,
        person_id,
        name,
        site,
        department,
        cost_centre,
        conversation,
        person_id as active_person_id,
        messages,
        file_transfers,
        internal,
        between_sites,
        external,
        deliveries,
        characters,
        body_bytes,
        file_bytes,
        billed_file_bytes,
        0 as received,
        0 as received_body_bytes,
        first_sent_at,
        last_sent_at
    from sent
    union all
    select
        local_date,
        local_hour,
        utc_offset_minutes,
        person_id,
        name,
        site,
        department,
        cost_centre,
        null as conversation,
        null as active_person_id,
        0 as messages,
        0 as file_transfers,
        0 as internal,
        0 as between_sites,
        0 as external,
        0 as deliveries,
        0 as characters,
        0 as body_bytes,
        0 as file_bytes,
        0 as billed_file_bytes,
        received,
        received_body_bytes,
        null as first_sent_at,
        null as last_sent_at
    from received

)

select * from final
