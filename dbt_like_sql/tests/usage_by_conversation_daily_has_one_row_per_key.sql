{{ config(severity='error', meta={'grain': 'local_date'}) }}

select
    local_date,
    conversation,
    count(*) as times
from {{ ref('usage_by_conversation_daily') }}
group by local_date, conversation
having count(*) > 1
