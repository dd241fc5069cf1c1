{{ config(materialized='table', meta={'grain': 'event_date', 'context_days': 1}) }}

with records as (

    select * from {{ ref('stg_lake__records') }}

),

dialects as (

    select * from {{ source('inputs', 'dialects') }}

),

-- One archive in two collections gives two readings of each record. They may differ in everything
-- but the record's id, even in the date: so neighbouring dates are looked at. The first collection
-- by name counts, whichever came first.
-- A body is known by its keyed hash; where there is none, by its lengths.
described as (

    select
        records.event_date,
        records.collection,
        records.record_id,
        records.archive_sha256,
        records.upload_hour,
        records.sent_at,
        records.sender,
        records.native_id,
        records.kind,
        records.dialect,
        dialects.overlap,
        dialects.copy_skew_milliseconds * 1000 as copy_skew_microseconds,
        dialects.copy_window_seconds * 1000000 as copy_window_microseconds,
        records.sender like '%/%' as is_occupant,
        case
            when records.sender like '%/%' then split_part(records.sender, '/', 1)
            else coalesce(records.conversation_id, '')
        end as room,
        coalesce(
            records.conversation_id,
            array_to_string(
                list_sort(list_distinct(list_append(records.recipients, records.sender))), ' '
            )
        ) as conversation_key,
        coalesce(
            records.body_hash,
            concat(
                coalesce(cast(records.body_characters as varchar), 'none'),
                '/',
                coalesce(cast(records.body_bytes as varchar), 'none')
            )
        ) as body_key,
        concat(
            coalesce(records.file_name, ''),
            '/',
            coalesce(cast(records.file_bytes as varchar), ''),
            '/',
            coalesce(records.refers_to, '')
        ) as attachment_key,
        case
            when records.native_id is null
                then array_to_string(list_sort(records.recipients), ' ')
        end as recipients_key,
        records.owner,
        row_number() over (
            partition by records.record_id
            order by records.collection
        ) = 1 as is_first_reading
    from records
    left join dialects on records.dialect = dialects.dialect

),

-- Equal records in one view are several messages; in different views they are copies.
final as (

    select
        event_date,
        collection,
        record_id,
        archive_sha256,
        upload_hour,
        sent_at,
        sender,
        native_id,
        kind,
        dialect,
        copy_skew_microseconds,
        copy_window_microseconds,
        is_occupant,
        room,
        conversation_key,
        body_key,
        attachment_key,
        recipients_key,
        case
            when overlap = 'never' then coalesce(owner, '')
            else concat(archive_sha256, '/', coalesce(owner, ''))
        end as view_key,
        case
            when overlap = 'never' then coalesce(owner, '')
            else coalesce(owner, archive_sha256)
        end as owner_key,
        is_first_reading
    from described

)

select * from final
