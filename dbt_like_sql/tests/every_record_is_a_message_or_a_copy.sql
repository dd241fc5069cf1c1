{{ config(severity='error', meta={'grain': 'event_date'}) }}

with counted as (

    select
        event_date,
        collection,
        archive_sha256,
        messages + copies as records
    from {{ ref('int_archives_counted') }}

),

stored as (

    select
        event_date,
        collection,
        archive_sha256,
        count(*) as records
    from {{ ref('stg_lake__records') }}
    group by event_date, collection, archive_sha256

)

select
    coalesce(stored.event_date, counted.event_date) as event_date,
    coalesce(stored.collection, counted.collection) as collection,
    coalesce(stored.archive_sha256, counted.archive_sha256) as archive_sha256,
    stored.records,
    counted.records as messages_and_copies
from stored
full outer join counted
    on
        stored.event_date = counted.event_date
        and stored.collection = counted.collection
        and stored.archive_sha256 = counted.archive_sha256
where coalesce(stored.records, 0) <> coalesce(counted.records, 0)
