{{ config(severity='error', meta={'grain': 'local_date'}) }}

select
    local_date,
    person_id,
    messages,
    file_transfers,
    internal,
    between_sites,
    external
from {{ ref('usage_by_person_daily') }}
where internal + external <> messages + file_transfers or between_sites > internal
