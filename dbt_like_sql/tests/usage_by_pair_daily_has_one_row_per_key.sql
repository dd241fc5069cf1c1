{{ config(severity='error', meta={'grain': 'local_date'}) }}

select
    local_date,
    sender,
    recipient,
    person_id,
    recipient_person_id,
    site,
    recipient_site,
    count(*) as times
from {{ ref('usage_by_pair_daily') }}
group by local_date, sender, recipient, person_id, recipient_person_id, site, recipient_site
having count(*) > 1
