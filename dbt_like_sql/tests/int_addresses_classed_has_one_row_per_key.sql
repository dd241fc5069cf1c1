{{ config(severity='error', meta={'grain': 'local_date'}) }}

select
    local_date,
    archived_address,
    count(*) as times
from {{ ref('int_addresses_classed') }}
group by local_date, archived_address
having count(*) > 1
