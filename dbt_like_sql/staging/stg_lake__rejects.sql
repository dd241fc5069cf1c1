{{ config(materialized='table', meta={'grain': 'event_date'}) }}

with source as (

    select * from {{ source('lake', 'rejects') }}

),

final as (

    select
        event_date,
        collection,
        upload_hour,
        archive_name,
        archive_sha256,
        member,
        ordinal,
        line,
        byte_offset,
        field,
        reason
    from source

)

select * from final
