{{ config(severity='error', meta={'grain': 'local_month'}) }}

select
    local_month,
    person_id,
    count(*) as times
from {{ ref('people_without_usage_monthly') }}
group by local_month, person_id
having count(*) > 1
