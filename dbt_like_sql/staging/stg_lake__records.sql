{{ config(materialized='table', meta={'grain': 'event_date'}) }}

with source as (

    select * from {{ source('lake', 'messages') }}

),

final as (

    select
        event_date,
        record_id,
        native_id,
        sent_at,
        original_sent_at,
        sender,
        occupant,
        recipients,
        owner,
        conversation_id,
        kind,
        body_characters,
        body_bytes,
        body_hash,
        file_name,
        file_bytes,
        refers_to,
        collection,
        upload_hour,
        archive_sha256,
        archive_name,
        ordinal,
        dialect
    from source

)

select * from final
