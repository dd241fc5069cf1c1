{{ config(materialized='table', meta={'grain': 'event_date'}) }}

with source as (

    select * from {{ source('lake', 'archives') }}

),

final as (

    select
        event_date,
        collection,
        upload_hour,
        archive_name,
        archive_sha256,
        landing_path,
        bytes,
        uploaded_at,
        collected_at,
        dialect,
        status,
        reason,
        records,
        rejects,
        records_before_damage,
        documents,
        attachments
    from source

)

select * from final
