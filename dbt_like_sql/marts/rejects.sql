{{ config(materialized='table', meta={'grain': 'event_date'}) }}

with rejects as (

    select * from {{ ref('stg_lake__rejects') }}

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
    from rejects

)

select * from final
