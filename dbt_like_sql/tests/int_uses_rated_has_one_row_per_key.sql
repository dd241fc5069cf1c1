{{ config(severity='error', meta={'grain': 'local_date'}) }}

-- Messages and file transfers as such are counted, which is less work: see
-- charge_lines_count_every_use and every_message_is_in_one_billing_state.
select
    message_id,
    usage_type,
    recipient,
    count(*) as times
from {{ ref('int_uses_rated') }}
where usage_type not in ('message', 'file_transfer')
group by message_id, usage_type, recipient
having count(*) > 1
