{{ config(severity='error', meta={'grain': 'event_date'}) }}

select
    collection,
    record_id,
    count(*) as records
from {{ ref('stg_lake__records') }}
group by collection, record_id
having count(*) > 1
