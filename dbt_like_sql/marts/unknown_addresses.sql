{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

deliveries as (

    select * from {{ ref('int_deliveries_located') }}
    where person_id = 'unknown'

),

company_domains as (

    select * from {{ source('inputs', 'company_domains') }}

),

seen as (

    select
        local_date,
        lower(sender) as address,
        sent_at,
        message_id as sent_id,
        cast(null as varchar) as received_id
    from messages
    where person_id = 'unknown'
    union all
    select
        messages.local_date,
        lower(deliveries.recipient) as address,
        messages.sent_at,
        cast(null as varchar) as sent_id,
        messages.message_id as received_id
    from deliveries
    inner join messages on deliveries.message_id = messages.message_id

),

summed as (

    select
        cast(date_trunc('month', local_date) as date) as local_month,
        address,
        count(sent_id) as messages_sent,
        count(received_id) as messages_received,
        min(sent_at) as first_seen_at,
        max(sent_at) as last_seen_at
    from seen
    group by cast(date_trunc('month', local_date) as date), address

),

-- user@domain, or ROOM/nick for an occupant whose address is unknown.
domains as (

    select
        *,
        address like '%/%' as is_occupant,
        case
            when address like '%@%' then split_part(split_part(address, '@', 2), '/', 1)
            else split_part(address, '/', 1)
        end as domain
    from summed

),

distinct_domains as (

    select distinct
        domain,
        is_occupant
    from domains

),

own_domains as (

    select distinct
        distinct_domains.domain,
        distinct_domains.is_occupant
    from distinct_domains
    inner join company_domains
        on
            distinct_domains.domain = company_domains.domain
            or (
                distinct_domains.is_occupant
                and distinct_domains.domain like concat('%.', company_domains.domain)
            )

),

final as (

    select
        domains.local_month,
        domains.address,
        domains.domain,
        own_domains.domain is not null as is_own_domain,
        cast(domains.messages_sent as bigint) as messages_sent,
        cast(domains.messages_received as bigint) as messages_received,
        domains.first_seen_at,
        domains.last_seen_at
    from domains
    left join own_domains
        on
            domains.domain = own_domains.domain
            and domains.is_occupant = own_domains.is_occupant

)

select * from final
