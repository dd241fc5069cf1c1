{{ config(materialized='table', meta={'grain': 'whole'}) }}

with archives as (

    select * from {{ ref('stg_lake__archives') }}

),

counts as (

    select * from {{ ref('int_archives_counted') }}

),

counted as (

    select
        collection,
        archive_sha256,
        cast(sum(messages) as bigint) as messages,
        cast(sum(copies) as bigint) as copies
    from counts
    group by collection, archive_sha256

),

-- A duplicate has its content's counts only in the archive that was first.
final as (

    select
        archives.collection,
        archives.upload_hour,
        archives.archive_name,
        archives.archive_sha256,
        archives.landing_path,
        archives.bytes,
        archives.uploaded_at,
        archives.collected_at,
        archives.dialect,
        archives.status,
        archives.reason,
        archives.records,
        coalesce(counted.messages, 0) as messages,
        coalesce(counted.copies, 0) as copies,
        archives.rejects,
        archives.records_before_damage,
        archives.documents,
        archives.attachments
    from archives
    left join counted
        on
            archives.collection = counted.collection
            and archives.archive_sha256 = counted.archive_sha256
            and archives.status = 'read'

)

select * from final
