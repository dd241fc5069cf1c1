{{ config(severity='error', meta={'grain': 'event_date'}) }}

select
    rejects.collection,
    rejects.archive_name,
    rejects.ordinal
from {{ ref('rejects') }} as rejects
left join {{ ref('stg_lake__archives') }} as archives
    on
        rejects.collection = archives.collection
        and rejects.archive_sha256 = archives.archive_sha256
where archives.archive_sha256 is null
