{{ config(materialized='table', meta={'grain': 'event_date'}) }}

with folded as (

    select * from {{ ref('int_records_folded') }}

),

final as (

    select
        event_date,
        collection,
        archive_sha256,
        cast(sum(case when is_message then 1 else 0 end) as bigint) as messages,
        cast(sum(case when is_message then 0 else 1 end) as bigint) as copies
    from folded
    group by event_date, collection, archive_sha256

)

select * from final
