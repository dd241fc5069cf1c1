{{ config(materialized='table', meta={'grain': 'event_date', 'context_days': 1}) }}

with records as (

    select * from {{ ref('stg_lake__records') }}

),

folded as (

    select * from {{ ref('int_records_folded') }}

),

united as (

    select
        folded.message_id,
        list_sort(
            list_distinct(
                flatten(array_agg(records.recipients) filter (where folded.is_first_reading))
            )
        ) as recipients,
        count(*) - 1 as copies
    from folded
    inner join records
        on folded.record_id = records.record_id and folded.collection = records.collection
    group by folded.message_id

),

canonical as (

    select
        records.*,
        folded.message_id,
        folded.sender as message_sender
    from folded
    inner join records
        on folded.record_id = records.record_id and folded.collection = records.collection
    where folded.is_message

),

final as (

    select
        canonical.event_date,
        canonical.message_id,
        canonical.native_id,
        canonical.sent_at,
        canonical.original_sent_at,
        canonical.message_sender as sender,
        united.recipients,
        canonical.owner,
        canonical.conversation_id,
        canonical.kind,
        canonical.body_characters,
        canonical.body_bytes,
        canonical.file_name,
        canonical.file_bytes,
        canonical.refers_to,
        canonical.collection,
        canonical.upload_hour,
        canonical.archive_sha256,
        canonical.archive_name,
        canonical.ordinal,
        canonical.dialect,
        united.copies
    from canonical
    inner join united on canonical.message_id = united.message_id

)

select * from final
