{{ config(severity='error', meta={'grain': 'local_date'}) }}

select distinct
    plan,
    currency,
    site,
    legal_entity,
    entity_currency
from {{ ref('int_plans_assigned') }}
where currency <> entity_currency
