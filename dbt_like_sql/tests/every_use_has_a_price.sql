{{ config(severity='error', meta={'grain': 'local_date'}) }}

-- Each row is a rate that tariff.csv lacks.
select distinct
    usage_type,
    destination,
    local_date
from {{ ref('int_messages_rated') }}
where price is null
