{{ config(severity='error', meta={'grain': 'local_date'}) }}

select
    local_date,
    site,
    hour_start,
    count(*) as times
from {{ ref('usage_by_hour') }}
group by local_date, site, hour_start
having count(*) > 1
