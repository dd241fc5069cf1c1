{{ config(severity='error', meta={'grain': 'local_month'}) }}

select
    local_month,
    person_id,
    count(*) as times
from {{ ref('usage_by_person_monthly') }}
group by local_month, person_id
having count(*) > 1
