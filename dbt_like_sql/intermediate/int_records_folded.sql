{{ config(materialized='table', meta={'grain': 'event_date', 'context_days': 1}) }}

with records as (

    select * from {{ ref('int_records_keyed') }}

),

-- 1. Records with the id that their sender gave. A sender shown only as an occupant of a room is
-- the one address that sent the same id, kind and body to that room at that time.
identified as (

    select * from records
    where native_id is not null and is_first_reading

),

room_pauses as (

    select
        *,
        date_diff('microsecond', lag(sent_at) over same_in_room, sent_at) as pause
    from identified
    window
        same_in_room as (
            partition by native_id, kind, body_key, room
            order by
                sent_at asc, copy_window_microseconds desc, record_id asc, collection asc
        )

),

room_sessions as (

    select
        *,
        sum(case when pause <= copy_window_microseconds then 0 else 1 end) over (
            partition by native_id, kind, body_key, room
            order by
                sent_at asc, copy_window_microseconds desc, record_id asc, collection asc
            rows between unbounded preceding and current row
        ) as room_session
    from room_pauses

),

room_senders as (

    select
        native_id,
        kind,
        body_key,
        room,
        room_session,
        min(sender) as address
    from room_sessions
    where not is_occupant
    group by native_id, kind, body_key, room, room_session
    having min(sender) = max(sender)

),

named as (

    select
        room_sessions.event_date,
        room_sessions.collection,
        room_sessions.record_id,
        room_sessions.archive_sha256,
        room_sessions.upload_hour,
        room_sessions.sent_at,
        case
            when room_sessions.is_occupant
                then coalesce(room_senders.address, room_sessions.sender)
            else room_sessions.sender
        end as sender,
        room_sessions.native_id,
        room_sessions.kind,
        room_sessions.body_key,
        room_sessions.room = '' as is_alone,
        room_sessions.conversation_key,
        room_sessions.attachment_key,
        room_sessions.copy_window_microseconds,
        room_sessions.is_first_reading
    from room_sessions
    left join room_senders
        on
            room_sessions.native_id = room_senders.native_id
            and room_sessions.kind = room_senders.kind
            and room_sessions.body_key = room_senders.body_key
            and room_sessions.room = room_senders.room
            and room_sessions.room_session = room_senders.room_session

),

-- Clients restart their counters: an id stands for one message only within the copy window.
identified_pauses as (

    select
        *,
        date_diff('microsecond', lag(sent_at) over same_id, sent_at) as pause
    from named
    window
        same_id as (
            partition by sender, native_id, kind, body_key
            order by
                sent_at asc, copy_window_microseconds desc, record_id asc, collection asc
        )

),

identified_sessions as (

    select
        *,
        sum(case when pause <= copy_window_microseconds then 0 else 1 end) over (
            partition by sender, native_id, kind, body_key
            order by
                sent_at asc, copy_window_microseconds desc, record_id asc, collection asc
            rows between unbounded preceding and current row
        ) as session
    from identified_pauses

),

-- Which of a message's records counts is decided by what they say: only of equal ones the record
-- that was collected first. Who pays how much must not hang on how deliveries were cut.
identified_folded as (

    select
        event_date,
        collection,
        record_id,
        archive_sha256,
        sender,
        first_value(record_id) over same_message as message_id,
        row_number() over same_message = 1 as is_message,
        is_first_reading
    from identified_sessions
    window
        same_message as (
            partition by sender, native_id, kind, body_key, session
            order by
                sent_at asc,
                is_alone asc,
                conversation_key asc,
                attachment_key desc,
                collection asc,
                upload_hour asc nulls first,
                record_id asc
        )

),

-- 2. Records without an id: equal ones of one moment. The n-th of them in one view is the same
-- message as the n-th in another, so there are as many messages as the largest view has.
anonymous as (

    select * from records
    where native_id is null and is_first_reading

),

anonymous_pauses as (

    select
        *,
        date_diff('microsecond', lag(sent_at) over equal_record, sent_at) as pause
    from anonymous
    window
        equal_record as (
            partition by sender, conversation_key, kind, body_key, attachment_key
            order by
                sent_at asc, copy_skew_microseconds desc, record_id asc, collection asc
        )

),

anonymous_moments as (

    select
        *,
        sum(case when pause <= copy_skew_microseconds then 0 else 1 end) over (
            partition by sender, conversation_key, kind, body_key, attachment_key
            order by
                sent_at asc, copy_skew_microseconds desc, record_id asc, collection asc
            rows between unbounded preceding and current row
        ) as moment
    from anonymous_pauses

),

-- First among the views of one owner, whose stamps are equal: overlapping archives of a series of
-- equal messages must not be paired from their beginnings. Then across owners, within the skew.
anonymous_numbered as (

    select
        *,
        row_number() over (
            partition by
                sender, conversation_key, kind, body_key, attachment_key, sent_at, view_key
            order by recipients_key, collection, record_id
        ) as nth_of_instant
    from anonymous_moments

),

anonymous_ranked as (

    select
        *,
        dense_rank() over (
            partition by
                sender, conversation_key, kind, body_key, attachment_key, moment, owner_key
            order by sent_at, nth_of_instant
        ) as nth
    from anonymous_numbered

),

anonymous_folded as (

    select
        event_date,
        collection,
        record_id,
        archive_sha256,
        sender,
        first_value(record_id) over same_message as message_id,
        row_number() over same_message = 1 as is_message,
        is_first_reading
    from anonymous_ranked
    window
        same_message as (
            partition by sender, conversation_key, kind, body_key, attachment_key, moment, nth
            order by sent_at, collection, upload_hour nulls first, record_id
        )

),

first_readings as (

    select * from identified_folded
    union all
    select * from anonymous_folded

),

-- 3. What other collections have read from the same archive are copies of its first reading.
further_readings as (

    select
        records.event_date,
        records.collection,
        records.record_id,
        records.archive_sha256,
        coalesce(first_readings.sender, records.sender) as sender,
        coalesce(first_readings.message_id, records.record_id) as message_id,
        false as is_message,
        records.is_first_reading
    from records
    left join first_readings on records.record_id = first_readings.record_id
    where not records.is_first_reading

),

final as (

    select * from first_readings
    union all
    select * from further_readings

)

select * from final
