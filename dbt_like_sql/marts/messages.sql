{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}

),

final as (

    select
        local_date,
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
        site,
        department,
        cost_centre,
        destination
    from messages

)

select * from final
